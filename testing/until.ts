export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface UntilOptions {
  readonly what: string
  /** @default 120: how long something takes is no test's matter, and a machine may be slow */
  readonly seconds?: number
  /** @default 100 */
  readonly everyMs?: number
}

/** Waits for something that comes to pass by itself. @throws Error that says what was waited for, when it does not in time */
export async function until(isTrue: () => boolean | Promise<boolean>, { what, seconds = 120, everyMs = 100 }: UntilOptions): Promise<void> {
  const deadlineMs = Date.now() + seconds * 1000
  while (!(await isTrue())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${seconds} s for ${what}`)
    await pause(everyMs)
  }
}
