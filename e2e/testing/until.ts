export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits for something that comes to pass by itself. @throws Error that says what was waited for, when it does not in time */
export async function until(isTrue: () => boolean | Promise<boolean>, { seconds, what, everyMs = 100 }: { readonly seconds: number; readonly what: string; readonly everyMs?: number }): Promise<void> {
  const deadlineMs = Date.now() + seconds * 1000
  while (!(await isTrue())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${seconds} s for ${what}`)
    await pause(everyMs)
  }
}
