import domain from 'node:domain';
import { EventEmitter } from 'node:events';

/** What the framework asks of a domain: it runs the request at once. */
class NoDomain extends EventEmitter {
  run(work: () => void): void {
    work();
  }
}

/**
 * Has the Functions Framework run the requests of this process outside of domains, into which it puts each of them (its
 * function_wrappers.js). From the first domain on, Node calls hooks around every promise and waits for each to be collected
 * (https://nodejs.org/api/async_hooks.html#promise-execution-tracking), which takes a quarter of the time of a function that
 * is all promises.
 *
 * A domain answers 500 to the request whose callback throws, and goes on in a process whose state nobody knows. Without one
 * the framework answers 500, too, and ends the instance. What a handler throws or rejects with is answered as before.
 */
export function leaveDomains(): void {
  Object.assign(domain, { create: () => new NoDomain() });
}
