import {
  type Gateway,
  Group,
  type GroupOptions,
  type SpecLike,
  type TerminateOptions,
  type WaitOptions,
} from '@execnet/core';
import { type Operation, resource, until } from 'effection';
import { settled } from '../settled.ts';

/** Options of {@link useGateway}. */
export interface UseGatewayOptions extends Omit<WaitOptions, 'signal'> {
  /** The group to make it in; a group of its own without it. */
  group?: Group | undefined;
  /** How the gateway ends with the scope. */
  terminate?: TerminateOptions | undefined;
}

/**
 * A group that ends with the scope: all its gateways, those that are being made included, are gone before the scope is left. If something outlives
 * that, the scope fails with the `TerminateError`.
 */
export function useGroup(options: GroupOptions = {}, terminate: TerminateOptions = {}): Operation<Group> {
  return resource(function* (provide) {
    const group = new Group(options);
    try {
      yield* provide(group);
    } finally {
      yield* settled(group.terminate(terminate));
    }
  });
}

/**
 * A gateway that ends with the scope: it is gone, with everything that it has started, before the scope is left, on success, on error and when it is
 * halted. Fails with what `makeGateway` rejects with; a scope that is halted while the gateway is being made leaves nothing behind.
 */
export function useGateway(
  spec?: SpecLike,
  { group = new Group(), terminate = {}, ...wait }: UseGatewayOptions = {},
): Operation<Gateway> {
  return resource(function* (provide) {
    const controller = new AbortController();
    const making = group.makeGateway(spec, { ...wait, signal: controller.signal });
    try {
      yield* provide(yield* until(making));
    } finally {
      // while it is being made there is nothing to terminate: then that stops
      controller.abort();
      yield* settled(
        making.then(
          (gateway) => gateway.terminate(terminate),
          () => {},
        ),
      );
    }
  });
}
