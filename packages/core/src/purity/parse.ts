import type { Program } from 'acorn';
import { analyser } from './analyser.ts';

/** A node of the syntax tree, seen without its types: the walks here know only a few of them. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** The text of a function, understood. Offsets of nodes count from the start of `wrapped`. */
export interface ParsedFunction {
  readonly program: Program;
  /** The function itself, or the class, if it is one. */
  readonly node: SyntaxNode;
  readonly wrapped: string;
  /** How many characters `wrapped` has before the text. */
  readonly shift: number;
  /** `method`: written in the shorthand of an object or a class. */
  readonly form: 'expression' | 'method';
  /** The property, where the form is `method`. */
  readonly property?: SyntaxNode;
  /** Strict unless the text is correct only in sloppy mode. */
  readonly sourceType: 'module' | 'script';
}

/** Text that is no function in any form. */
export class UnparsableText extends Error {
  /** Offset in the text. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Parses what `toString()` of a function gives: an expression, or a method, accessor or generator in shorthand. Strict mode is tried first, as
 * modules have it. Throws {@link UnparsableText}.
 */
export function parseFunction(text: string): ParsedFunction {
  let first: unknown;
  for (const sourceType of ['module', 'script'] as const) {
    for (const form of ['expression', 'method'] as const) {
      try {
        return parseAs(text, form, sourceType);
      } catch (error) {
        // the attempt that read furthest is the one that understood what was meant
        if (first === undefined || positionOf(error) > positionOf(first)) first = error;
      }
    }
  }
  const { message } = first as Error;
  throw new UnparsableText(message.replace(/ \(\d+:\d+\)$/, ''), positionOf(first));
}

function parseAs(
  text: string,
  form: 'expression' | 'method',
  sourceType: 'module' | 'script',
): ParsedFunction {
  const [before, after] = form === 'expression' ? ['(', '\n)'] : ['({', '\n})'];
  const wrapped = before + text + after;
  let program: Program;
  try {
    program = analyser().acorn.parse(wrapped, {
      ecmaVersion: 'latest',
      sourceType,
      ranges: true,
      allowSuperOutsideMethod: true,
    });
  } catch (error) {
    throw new UnparsableText(
      (error as Error).message,
      Math.max(0, ((error as { pos?: number }).pos ?? 0) - before.length),
    );
  }
  const [statement, ...rest] = program.body as unknown as SyntaxNode[];
  const expression = statement?.expression as SyntaxNode | undefined;
  const found = { program, wrapped, shift: before.length, form, sourceType };
  if (rest.length === 0 && expression !== undefined) {
    if (form === 'expression' && /Function|Class/.test(expression.type))
      return { ...found, node: expression };
    const [property, ...others] = (expression.properties ?? []) as SyntaxNode[];
    if (
      property?.type === 'Property' &&
      others.length === 0 &&
      (property.method === true || property.kind !== 'init')
    ) {
      return { ...found, node: property.value as SyntaxNode, property };
    }
  }
  throw new UnparsableText('no function', 0);
}

function positionOf(error: unknown): number {
  return error instanceof UnparsableText ? error.offset : 0;
}

/** The nodes directly below `node`, in the order of the text. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && typeof (child as SyntaxNode).type === 'string')
        children.push(child as SyntaxNode);
    }
  }
  return children;
}

/** The place of the first syntax error in a text, as an offset; undefined if there is none. */
export function parseText(text: string, sourceType: 'module' | 'script'): number | undefined {
  try {
    analyser().acorn.parse(text, { ecmaVersion: 'latest', sourceType });
    return undefined;
  } catch (error) {
    return (error as { pos?: number }).pos;
  }
}
