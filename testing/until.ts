import { sleep } from '../program/waiting.ts'

export interface UntilOptions {
  /** Awaited event, for the error message. */
  readonly what: string
  /** @default 120: long enough for a slow machine */
  readonly seconds?: number
  /** @default 100 */
  readonly everyMs?: number
  /** Returns false when waiting on is of no use. */
  readonly isPossible?: () => boolean
}

/** Polls until the condition holds. @throws Error that names what was awaited, when the time is over or it cannot happen any more */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  { what, seconds = 120, everyMs = 100, isPossible = () => true }: UntilOptions,
): Promise<void> {
  const deadlineMs = Date.now() + seconds * 1000
  while (!(await isTrue())) {
    if (!isPossible()) throw new Error(`waited for ${what}, but that cannot happen any more`)
    if (Date.now() > deadlineMs) throw new Error(`waited ${seconds} s for ${what}`)
    await sleep(everyMs)
  }
}
