/** Calls between two processes over IPC: a method with one parameter and one answer. */
export type Calls = Readonly<Record<string, (parameter: never) => unknown>>

export type ParameterOf<C extends Calls, M extends keyof C> = Parameters<C[M]>[0]
export type AnswerOf<C extends Calls, M extends keyof C> = Awaited<ReturnType<C[M]>>

export interface CallMessage {
  readonly id: number
  readonly method: string
  readonly parameter: unknown
}

export type AnswerMessage = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string }

/** Answers the calls of the parent process until that ends. @throws Error when no process forked this one */
export function answerCalls(calls: Calls): void {
  const send = process.send?.bind(process)
  if (send === undefined) throw new Error('this file is started by the benchmarks (node bench/main.ts), not by hand')
  process.on('message', (message: CallMessage) => {
    void answer(calls, message).then((reply) => send(reply))
  })
  process.on('disconnect', () => process.exit(0))
}

async function answer(calls: Calls, { id, method, parameter }: CallMessage): Promise<AnswerMessage> {
  try {
    const call = calls[method]
    if (call === undefined) throw new Error(`there is no call ${method}`)
    // Both ends of the channel have the same type `Calls`.
    return { id, answer: await (call as (parameter: unknown) => unknown)(parameter) }
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
