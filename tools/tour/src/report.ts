import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Paint } from './style.ts';
import { type Cell, type Column, type Row, table, tableWidth } from './table.ts';
import type { Visit } from './visit.ts';

/** Characters of a bar. */
const BAR = 12;

export interface Look {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly room: number;
}

/** Milliseconds as a person reads them. */
function time(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  if (milliseconds < 0.9995) return `${Math.round(milliseconds * 1000)} µs`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** A part of a whole, as a bar. */
export function bar(part: number, whole: number): string {
  const eighths = Math.round((part / whole) * BAR * 8);
  const partial = eighths % 8 === 0 ? '' : (' ▏▎▍▌▋▊▉'[eighths % 8] as string);
  return `${'█'.repeat(eighths >> 3)}${partial}`.padEnd(BAR, '░');
}

function failureCode(failure: Error): string {
  const { code } = failure as { code?: unknown };
  return typeof code === 'string' ? code : failure.name;
}

function nameCell({ name, failure }: Visit): Cell {
  return failure ? { text: `✘ ${name}`, format: 'red' } : { text: `✔ ${name}`, format: 'green' };
}

function heldBack({ streamed }: Visit): string {
  return streamed ? `${streamed.sentUnread} of ${streamed.total}` : '';
}

const columnsWith = (heldBackTitle: string): readonly Column[] => [
  { title: '  interpreter' },
  { title: 'pid', right: true },
  { title: 'first result', right: true },
  { title: 'round trip', right: true },
  { title: '6 × 7', right: true },
  { title: heldBackTitle, right: true },
  { title: 'terminate', right: true },
];

function row(visit: Visit, withBar: boolean): Row {
  const { failure, streamed } = visit;
  if (failure) {
    const text = `${failureCode(failure)}: ${failure.message.replace(/\s*\n\s*/g, ' ')}`;
    return { first: nameCell(visit), text: { text, format: 'red' } };
  }
  return [
    nameCell(visit),
    { text: String(visit.pid), format: 'dim' },
    { text: time(visit.firstResult) },
    { text: time(visit.roundTrip), format: 'bold' },
    { text: String(visit.product) },
    {
      text: `${withBar && streamed ? `${bar(streamed.sentUnread, streamed.total)} ` : ''}${heldBack(visit)}`,
      format: 'cyan',
    },
    { text: time(visit.terminated) },
  ];
}

/** A few lines for each visit, for terminals that no table fits into. */
function cards(visits: readonly Visit[], { paint }: Look): string[] {
  return visits.flatMap((visit) => {
    const { text, format } = nameCell(visit);
    const title = format ? paint(format, text) : text;
    if (visit.failure) return [title, `    ${failureCode(visit.failure)}`];
    const lines = {
      pid: String(visit.pid),
      'first result': time(visit.firstResult),
      'round trip': time(visit.roundTrip),
      '6 × 7': String(visit.product),
      'held back at': heldBack(visit),
      terminate: time(visit.terminated),
    };
    return [
      title,
      ...Object.entries(lines).map(([name, value]) => `    ${paint('dim', name.padEnd(14))}${value}`),
    ];
  });
}

/** What was seen, as a table, or as cards where that is too wide. */
export function results(visits: readonly Visit[], look: Look): string[] {
  for (const { columns, withBar, gap } of [
    { columns: columnsWith('sender held back at'), withBar: true, gap: 3 },
    { columns: columnsWith('held back at'), withBar: false, gap: 2 },
  ]) {
    const rows = visits.map((visit) => row(visit, withBar));
    if (tableWidth(columns, rows, gap) <= look.room) return table(columns, rows, { ...look, gap });
  }
  return cards(visits, look);
}

/** Words in lines of at most `room` characters. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** What the columns mean. */
export function legend(count: number, { paint, room }: Look): string[] {
  const cpus = availableParallelism();
  const together = count > 1 ? `; ${count} start at once, on ${cpus} CPU${cpus === 1 ? '' : 's'}` : '';
  const entries = {
    'first result': `from makeGateway() to the result of a call${together}`,
    'round trip': 'a number sent to remote code and back; the median of 400',
    'held back': 'how many items of 4 KiB a sender could send while its reader had read one',
    terminate: 'until the interpreter is gone, and a process that its code had started as well',
  };
  const width = Math.max(...Object.keys(entries).map((name) => name.length)) + 2;
  return Object.entries(entries).flatMap(([name, text]) =>
    wrap(text, Math.max(20, room - width)).map((line, index) =>
      paint('dim', `${(index === 0 ? name : '').padEnd(width)}${line}`),
    ),
  );
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The stack of a remote error up to the machinery of the remote end; paths are relative to the repository. */
export function stackLines(stack: string, { paint, room }: Look): string[] {
  const lines = stack.replaceAll(`file://${ROOT}`, '').replaceAll(ROOT, '').split('\n');
  const machinery = lines.findIndex((line) => line.includes('execnet:remote-end') || /^ *---/.test(line));
  const own = machinery < 0 ? lines : lines.slice(0, machinery);
  const rest = lines.length - own.length;
  const [message = '', ...frames] = own;
  return [
    ...wrap(message, room - 2).map((line) => `  ${paint('red', line)}`),
    ...frames.map((line) => `  ${line}`),
    ...(rest > 0 ? [paint('dim', `      … and ${rest} lines of execnet's own`)] : []),
  ];
}

/** What is wrong with those that failed, in full. */
export function failures(visits: readonly Visit[], { paint, room }: Look): string[] {
  return visits.flatMap(({ name, failure }) =>
    failure
      ? [
          paint('bold', `${name} failed`),
          ...failure.message
            .split('\n')
            .flatMap((line) => wrap(line, room - 2))
            .map((line) => `  ${paint('red', line)}`),
          '',
        ]
      : [],
  );
}

/** What became of them, in a line or two. */
export function summary(visits: readonly Visit[], { paint }: Look): string[] {
  const left = visits.flatMap((visit) => visit.left);
  if (left.length > 0) return [paint('red', `Still running: pid ${left.join(', ')}`)];
  const failed = visits.filter(({ failure }) => failure).length;
  const all = ['', 'It is', 'Both are'][visits.length] ?? `All ${visits.length} are`;
  const gone = `${all} gone, and nothing is left.`;
  return failed > 0 ? [paint('red', `${failed} of ${visits.length} failed.`), gone] : [paint('green', gone)];
}
