import fs from 'node:fs';
import path from 'node:path';
import { program } from './command.mjs';

/**
 * @typedef {'sh' | 'dash' | 'bash' | 'zsh' | 'fish'} Shell
 *
 * @typedef {object} ShellOptions
 * @property {Shell} [shell] what the user's commands are given to; by default the one in passwd
 * @property {string | undefined} [rc] what the shell reads first, in its own language: noise, another PATH
 * @property {string | undefined} [path] the PATH that it starts with
 */

/** The file that a shell reads although it only runs one command. `sh` and `dash` have none, so they are told to. */
const rcFiles = {
  sh: '.profile',
  dash: '.profile',
  bash: '.bashrc',
  zsh: '.zshenv',
  fish: '.config/fish/config.fish',
};

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Makes a home for the shell and a program that a server is to run instead of the user's command: it gives that to
 * the shell, as a server would whose passwd names this shell and this home.
 *
 * @param {string} folder
 * @param {string} home existing
 * @param {ShellOptions & { shell: Shell }} options
 * @returns {string} the program
 */
export function makeLoginShell(folder, home, { shell, rc, path: searched }) {
  const file = program(shell);
  if (rc !== undefined) {
    const rcFile = path.join(home, rcFiles[shell]);
    fs.mkdirSync(path.dirname(rcFile), { recursive: true });
    fs.writeFileSync(rcFile, rc);
  }
  const told = rc !== undefined && rcFiles[shell] === '.profile';
  const lines = [
    '#!/bin/sh',
    // The shell in passwd has run this: it counted one level, and at the second bash does not read its file.
    'unset SHLVL OLDPWD',
    `export HOME=${quoted(home)} SHELL=${quoted(file)}`,
    ...(searched === undefined ? [] : [`export PATH=${quoted(searched)}`]),
    'cd "$HOME" || exit',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell fills it in
    '[ -n "${SSH_ORIGINAL_COMMAND+set}" ] || exec "$SHELL"',
    'command=$SSH_ORIGINAL_COMMAND',
    'unset SSH_ORIGINAL_COMMAND',
    told
      ? `exec "$SHELL" -c '. "$HOME/.profile"; eval "$1"' "$SHELL" "$command"`
      : 'exec "$SHELL" -c "$command"',
  ];
  const wrapper = path.join(folder, 'login-shell');
  fs.writeFileSync(wrapper, `${lines.join('\n')}\n`, { mode: 0o755 });
  return wrapper;
}
