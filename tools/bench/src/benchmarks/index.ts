import type { Benchmark } from '../benchmark.ts';
import { boot } from './boot.ts';
import { bulk } from './bulk.ts';
import { concurrentCalls } from './concurrent-calls.ts';
import { executions } from './executions.ts';
import { gateways } from './gateways.ts';
import { importTime } from './import-time.ts';
import { memory } from './memory.ts';
import { models } from './models.ts';
import { python } from './python.ts';
import { remoteObject } from './remote-object.ts';
import { roundTrip } from './round-trip.ts';
import { serializer } from './serializer.ts';
import { slowLogins } from './slow-logins.ts';
import { smallMessages } from './small-messages.ts';
import { ssh } from './ssh.ts';
import { stalled } from './stalled.ts';
import { startUp } from './start-up.ts';
import { via } from './via.ts';

/** In the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  startUp,
  roundTrip,
  smallMessages,
  bulk,
  executions,
  concurrentCalls,
  remoteObject,
  models,
  via,
  ssh,
  slowLogins,
  python,
  serializer,
  gateways,
  memory,
  stalled,
  boot,
  importTime,
];
