import { testScenarios } from './fixtures/execnet-python.ts';
import { test } from './fixtures/tests.ts';

testScenarios('execnet_values', {
  first_example: 'Python executes JavaScript',
  values_there_and_back: 'values of Python come back as they were',
  values_of_javascript: 'values of JavaScript arrive as their counterparts',
  unsendable_value: 'a value that Python does not have is an error that names it',
  many_there: 'a stream of values to JavaScript',
  many_back: 'a stream of values to Python',
  large_back: 'large values without await',
  both_ways_at_once: 'each end may send much before it reads',
  unread_there: 'what JavaScript does not read holds up nothing else',
  callback: 'setcallback gets every item, and the end marker',
  callback_of_javascript: 'setCallback in JavaScript gets what Python sends',
  blocking: 'JavaScript may block: sendSync, receiveSync, sync',
  files: 'makefile, both ways',
  arguments: 'arguments given with a source are args',
  imports: 'import() and require',
});

test.run();
