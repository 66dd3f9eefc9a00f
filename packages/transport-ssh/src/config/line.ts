import { badLine, type Place } from './config-error.ts';

/** One line of a configuration, or one `-o`: keyword and arguments. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  /** The keyword as it was written, for messages. */
  readonly name: string;
  /** Everything behind the keyword as it stands, for commands; the blanks at the end are gone. */
  readonly rest: string;
  readonly words: readonly string[];
  readonly place: Place;
}

// the blanks of OpenSSH; a carriage return among them, so that files with CRLF can be read
const LINE = /^[ \t\r\n]*(?:"([^"]*)"|([^ \t\r\n"=]+)(?=[ \t\r\n=]|$))[ \t\r\n]*=?[ \t\r\n]*([\s\S]*)$/;

/** Reads a line as OpenSSH does: `Keyword arguments`, `Keyword=arguments`, comments. Undefined if it says nothing. */
export function readConfigLine(text: string, place: Place): ConfigLine | undefined {
  const line = text.replace(/[ \t\r\n\f]+$/, '');
  if (/^[ \t\r\n]*(#|$)/.test(line)) return undefined;
  const found = LINE.exec(line);
  const name = found?.[1] ?? found?.[2];
  if (!found || !name)
    throw badLine(place, `${JSON.stringify(line)} is no line of the form "Keyword argument"`);
  const rest = found[3] as string;
  if (rest === '') throw badLine(place, `${name} has no argument`);
  const words = splitArguments(rest);
  if (!words) throw badLine(place, `a quote in ${JSON.stringify(line)} is not closed`);
  return { keyword: name.toLowerCase(), name, rest, words, place };
}

/**
 * Splits arguments as OpenSSH does since 8.7 (`argv_split`), which is not how a shell does it: both quotes work alike, a backslash
 * escapes only quotes, itself and, outside of quotes, a blank, and `#` in front of a word begins a comment.
 * Undefined for a quote that is not closed.
 */
function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at >= text.length || text[at] === '#') return words;
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const char = text[at] as string;
      const next = text[at + 1];
      if (char === '\\' && next !== undefined && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
        word += next;
        at++;
      } else if (quote === '' && (char === ' ' || char === '\t')) {
        break;
      } else if (quote === '' && (char === '"' || char === "'")) {
        quote = char;
      } else if (quote === char) {
        quote = '';
      } else {
        word += char;
      }
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
}
