import type { Refusal } from '@execnet/core/plugin';

/** What the refusals of the loader mean, for an operator. */
export function explain({ word, told, file }: Refusal): string {
  if (word === 'OLD')
    return (
      `${file} is Python ${told}; 2.7, or 3.6 or newer, is needed. Name another with python=, for instance ` +
      'python=python3.11 or python=/usr/bin/pypy3'
    );
  const at = told.indexOf(' ');
  const module = at < 0 ? told : told.slice(0, at);
  const why = at < 0 ? '' : ` (${told.slice(at + 1)})`;
  return (
    `execmodel=${module} needs the module ${module}, which ${file} can't import${why}. Install it for that Python, as the package python3-${module} ` +
    `of the system or with its "-m pip install ${module}"; name another Python with python=; or leave execmodel=${module} out`
  );
}
