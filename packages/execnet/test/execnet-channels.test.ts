import { testScenarios } from './fixtures/execnet-python.ts';
import { sharedEnds } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

/** The ways in which a channel ends; one execution at a time is enough for these. */
const ENDING = {
  closed_by_python: 'a channel that Python closes is closed in JavaScript, whose code goes on',
  closed_by_python_with_an_error: 'close(error) of Python is an error in JavaScript',
  closed_by_javascript: 'a channel that JavaScript closes is closed in Python',
  ended_by_javascript: 'a channel that JavaScript ends: only what it sends',
  dropped: 'what runs behind a channel that Python drops goes on',
  dropped_with_a_callback: 'a channel that is dropped with a callback still brings what is sent',
};

testScenarios('execnet_channels', {
  ...ENDING,
  nested: 'a channel inside an item is a channel at the other end',
  nested_in_a_row: 'items follow the channel that another item brings, which nobody has read yet',
  nested_in_other_threads: 'channels belong to the thread that gets them',
  nested_in_large_items: 'a channel is found behind megabytes that look like channels',
  sent_back: 'a channel that is sent back is the same',
  callback_of_python_fails: 'JavaScript hears that a callback of Python has failed',
  dropped_at_once: 'what runs behind a channel that nobody has held goes on',
  to_nobody: 'what comes for a channel before the channel is dropped',
  timeouts: 'receive and waitclose time out, and the channel is as it was',
  reconfigured: 'reconfigure decides how strings of Python 2 arrive',
});
testScenarios('execnet_channels', ENDING, sharedEnds, 'execmodel=main_thread_only');

test.run();
