import { testScenarios } from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

testScenarios(
  'execnet_errors',
  {
    of_javascript: 'an error of JavaScript is a RemoteError with its message, stack and cause',
    told_once: 'waitclose raises the error of the execution',
    thrown_things: 'anything may be thrown',
    uncaught: 'an error that nobody catches ends the process, and those who wait hear of it',
    exits: 'process.exit ends the channels, and is the exit code',
    python_source: 'Python source is refused: this remote end runs JavaScript',
    function_of_python: 'a function of Python is refused',
    module_of_python: 'a module of Python is refused',
    gateway_through_it: 'it is no host for gateways of Python',
    no_request: 'a request that is none fails alone',
    no_item: 'an item that is none fails its receive alone',
  },
  sharedEnds,
);

test.run();
