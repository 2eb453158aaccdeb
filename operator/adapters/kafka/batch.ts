export interface BatchOptions<Item, Answer> {
  /** Key of an item. Two items of one key are never in one request: brokers refuse a list that names a topic twice. */
  readonly keyOf: (item: Item) => string
  /** Size that an item adds to a request. @default 1 */
  readonly sizeOf?: (item: Item) => number
  /** Largest size of one request. A larger item goes alone. */
  readonly maxSize: number
  /** Time limit of a call, including its wait for the request. Milliseconds. */
  readonly timeoutMs: number
  /** Sends a request. @returns the responses in the order of the items. Rejects only on a bug: then every call of the request rejects */
  readonly run: (items: readonly Item[]) => Promise<readonly Answer[]>
  /** Returns the response to a call that takes too long. An item that was not sent by then is not sent any more. */
  readonly late: (item: Item) => Answer
}

interface Call<Item, Answer> {
  readonly item: Item
  isAnswered: boolean
  answer(answer: Answer): void
  fail(bug: unknown): void
}

/**
 * Joins calls into requests: the calls of one turn of the event loop, and the calls that arrive while a request is in progress. The latter
 * go together when it has ended. So there is one request of a kind at a time, and the more calls there are, the more of them share one.
 */
export function createBatch<Item, Answer>(options: BatchOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  let waiting: Call<Item, Answer>[] = []
  let isRunning = false

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      const { chunk, rest } = split(waiting, options)
      waiting = rest
      if (chunk.length > 0) await runOne(chunk, options.run)
    }
    isRunning = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      const call = createCall({ item, resolve, reject }, options)
      waiting.push(call)
      if (isRunning) return
      isRunning = true
      setImmediate(() => void runAll()) // never rejects: runOne hands all failures to the calls
    })
}

interface NewCall<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (bug: unknown) => void
}

function createCall<Item, Answer>(
  { item, resolve, reject }: NewCall<Item, Answer>,
  { timeoutMs, late }: BatchOptions<Item, Answer>,
): Call<Item, Answer> {
  const settle = (act: () => void): void => {
    if (call.isAnswered) return
    call.isAnswered = true
    clearTimeout(timer)
    act()
  }
  const timer = setTimeout(() => settle(() => resolve(late(item))), timeoutMs)
  const call = {
    item,
    isAnswered: false,
    answer: (answer: Answer) => settle(() => resolve(answer)),
    fail: (bug: unknown) => settle(() => reject(bug)),
  }
  return call
}

async function runOne<Item, Answer>(chunk: readonly Call<Item, Answer>[], run: BatchOptions<Item, Answer>['run']): Promise<void> {
  try {
    const answers = await run(chunk.map(({ item }) => item))
    if (answers.length !== chunk.length) throw new Error(`${chunk.length} calls got ${answers.length} answers`)
    for (const [index, answer] of answers.entries()) chunk[index]?.answer(answer)
  } catch (bug) {
    for (const call of chunk) call.fail(bug)
  }
}

/** Splits the pending calls into the next request, oldest first, and the rest. Calls that have a response already are in neither. */
function split<Item, Answer>(calls: readonly Call<Item, Answer>[], { keyOf, sizeOf = () => 1, maxSize }: BatchOptions<Item, Answer>) {
  const chunk: Call<Item, Answer>[] = []
  const rest: Call<Item, Answer>[] = []
  const keys = new Set<string>()
  let size = 0
  let isFull = false
  for (const call of calls.filter(({ isAnswered }) => !isAnswered)) {
    const [key, more] = [keyOf(call.item), sizeOf(call.item)]
    isFull ||= chunk.length > 0 && size + more > maxSize
    const waits = isFull || keys.has(key)
    keys.add(key)
    if (!waits) size += more
    ;(waits ? rest : chunk).push(call)
  }
  return { chunk, rest }
}
