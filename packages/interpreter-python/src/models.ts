import type { ExecModel } from '@execnet/core/plugin';

/** The models that the program of the remote end has in it, and the modules that must be installed there for them. */
const MODELS = { thread: undefined, main_thread_only: undefined, eventlet: 'eventlet', gevent: 'gevent' };

type Model = keyof typeof MODELS;

/**
 * The execution models of Python remote ends: `thread` (the default: the first execution in the main thread, those beside it in others),
 * `main_thread_only` (one at a time, in the main thread; a further one is refused), `eventlet` and `gevent` (executions are greenlets of the main
 * thread, where the module of that name is installed). For a `Registry`, which takes them all.
 */
export function pythonExecmodels(): ExecModel[] {
  return Object.keys(MODELS).map((name) => ({ kind: 'execmodel', name, family: 'python' }));
}

/** The program of the remote end has this model in it. */
export function isModel(name: string): name is Model {
  return Object.hasOwn(MODELS, name);
}

/** The module without which there is no such model. */
export function moduleOf(model: Model): string | undefined {
  return MODELS[model];
}
