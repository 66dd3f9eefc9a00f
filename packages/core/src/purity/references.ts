import { analyser } from './analyser.ts';
import { isSuppliedHelper } from './helpers.ts';
import { childrenOf, type ParsedFunction, type SyntaxNode } from './parse.ts';

/** Something in a function that means nothing where the function is sent to. */
export interface Impurity {
  /** The identifier, or the words as they are written: `this`, `import.meta`. */
  readonly name: string;
  /** Where it is first, in characters from the start of the text. */
  readonly offset: number;
  readonly kind: 'variable' | 'import' | 'compiler' | 'this' | 'import.meta';
}

/** Helpers of compilers that lower the language; those of esbuild that are met in ordinary use are supplied instead. */
const COMPILER_HELPERS =
  /^(tslib(_\d+)?|__(awaiter|generator|rest|assign|spreadArray|read|values|asyncGenerator|asyncValues|asyncDelegator|extends|decorate|param|metadata|esDecorate|runInitializers|setFunctionName|propKey|classPrivateField(Get|Set|In)|addDisposableResource|disposeResources|makeTemplateObject|async|await|yieldStar|forAwait|spreadValues|spreadProps|objRest|publicField|private(Add|Get|Set|Method|In|Wrapper)|pow|template|decorat\w+)|_(async_?to_?generator|object_?spread(_?props)?|object_?without_?properties\w*|to_?consumable_?array|sliced_?to_?array|define_?property|class_?call_?check|class_?private_?\w+|create_?class|interop_?require_?default|(await|wrap)_?async_?generator|using(_?ctx)?|ts_\w+|regenerator\w*|extends))$/i;

/** vitest writes an imported `x` as `__vite_ssr_import_0__.x`; other compilers as `fs_1.x`, or `import_node_fs.x`. */
const REWRITTEN_IMPORT =
  /^(__(vite_ssr|vi)_import_\d+__|import_\w+|\w+_\d+|_\w+__WEBPACK_IMPORTED_MODULE_\d+__)$/;

/** The references of a function to what is not its own. */
export interface References {
  /** In the order of the text, each name once. */
  readonly impurities: readonly Impurity[];
  /** Helpers that name functions in it, as esbuild's `__name` does, by other names. */
  readonly naming: readonly string[];
}

/**
 * Everything in the function that is neither its own, nor an argument, nor in `known`. `typeof name` refers to nothing. `isNaming`: whether something that is used
 * only as what names functions is that; not called for others.
 */
export function findReferences(
  parsed: ParsedFunction,
  known: (name: string) => boolean,
  isNaming: (name: string) => boolean,
): References {
  const manager = analyser().scope.analyze(parsed.program as never, {
    // the newest that the analyser knows of by number; syntax without scopes of its own needs no more
    ecmaVersion: 2022,
    sourceType: parsed.sourceType,
    ignoreEval: true,
  });
  const free = new Set<unknown>();
  for (const reference of manager.globalScope?.through ?? []) {
    if (!known(reference.identifier.name)) free.add(reference.identifier);
  }
  const found = new Map<string, Impurity>();
  const named = new Map<string, boolean>();
  walk(parsed, (node, ancestors, own) => {
    const impurity = judge(node, ancestors, own, free);
    if (impurity === undefined) return;
    const { name } = impurity;
    named.set(name, (named.get(name) ?? true) && namesFunction(node, ancestors.at(-1)));
    if (!found.has(name)) found.set(name, { ...impurity, offset: node.start - parsed.shift });
  });
  const naming = [...found.keys()].filter((name) => named.get(name) && isNaming(name));
  for (const name of naming) found.delete(name);
  return { impurities: [...found.values()].sort((a, b) => a.offset - b.offset), naming };
}

/** Used as in `o(function(){…},"name")`. */
function namesFunction(node: SyntaxNode, call: SyntaxNode | undefined): boolean {
  if (call?.type !== 'CallExpression' || call.callee !== node) return false;
  const [, name, ...more] = call.arguments as SyntaxNode[];
  return name?.type === 'Literal' && typeof name.value === 'string' && more.length === 0;
}

type Visit = (node: SyntaxNode, ancestors: readonly SyntaxNode[], own: boolean) => void;

/** Visits the function and all below it; `own`: `this` there is that of the function, or of what is around it. */
function walk(parsed: ParsedFunction, visit: Visit): void {
  const ancestors: SyntaxNode[] = [];
  const descend = (node: SyntaxNode, own: boolean): void => {
    visit(node, ancestors, own);
    ancestors.push(node);
    const bindsThis =
      node !== parsed.node && /^(FunctionExpression|FunctionDeclaration|StaticBlock)$/.test(node.type);
    for (const child of childrenOf(node)) {
      const ownField = node.type === 'PropertyDefinition' && child === node.value;
      descend(child, own && !bindsThis && !ownField);
    }
    ancestors.pop();
  };
  descend(parsed.property?.computed === true ? parsed.node : (parsed.property ?? parsed.node), true);
}

function judge(
  node: SyntaxNode,
  ancestors: readonly SyntaxNode[],
  own: boolean,
  free: ReadonlySet<unknown>,
): Omit<Impurity, 'offset'> | undefined {
  if (node.type === 'ThisExpression') return own ? { name: 'this', kind: 'this' } : undefined;
  if (node.type === 'Super') return own ? { name: 'super', kind: 'this' } : undefined;
  if (node.type === 'MetaProperty') {
    return (node.meta as SyntaxNode).name === 'import'
      ? { name: 'import.meta', kind: 'import.meta' }
      : undefined;
  }
  if (!free.has(node)) return undefined;
  const name = node.name as string;
  const parent = ancestors.at(-1);
  if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') return undefined;
  if (isSuppliedHelper(name) || isCoverageCounter(name, ancestors)) return undefined;
  if (name === '__vite_ssr_import_meta__') return { name: 'import.meta', kind: 'import.meta' };
  if (COMPILER_HELPERS.test(name)) return { name, kind: 'compiler' };
  if (REWRITTEN_IMPORT.test(name)) return { name: memberOf(node, parent) ?? name, kind: 'import' };
  return { name, kind: 'variable' };
}

/** The property in `object.property`, where `object` is the node. */
function memberOf(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  if (parent?.type !== 'MemberExpression' || parent.object !== node || parent.computed === true)
    return undefined;
  return (parent.property as SyntaxNode).name as string;
}

/** Istanbul counts by `cov_2kx1().s[0]++`, with `s`, `b` or `f`; a variable of that name used in any other way is the user's own. */
function isCoverageCounter(name: string, ancestors: readonly SyntaxNode[]): boolean {
  const [member, call] = [ancestors.at(-2), ancestors.at(-1)];
  return (
    /^cov_\w+$/.test(name) &&
    call?.type === 'CallExpression' &&
    (call.arguments as unknown[]).length === 0 &&
    member?.type === 'MemberExpression' &&
    ['s', 'b', 'f'].includes((member.property as SyntaxNode).name as string)
  );
}
