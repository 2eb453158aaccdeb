/**
 * Runs a task with a deadline. After it the task goes on unless it heeds the signal.
 * @param deadline.late message of the error after the deadline
 * @throws what `run` throws, or that error
 */
export async function withDeadline<T>(
  deadline: { readonly timeoutMs: number; readonly late: string },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(deadline.timeoutMs)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(deadline.late)), { once: true })
  })
  return Promise.race([run(signal), late])
}
