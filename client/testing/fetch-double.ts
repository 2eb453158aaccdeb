/** One request for an event stream. The test plays the server. */
export class StreamDouble {
  readonly url: URL
  readonly headers: Headers
  readonly init: RequestInit
  isAborted = false
  readonly #answer: (response: Response) => void
  readonly #fail: (error: unknown) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(
    url: string,
    init: RequestInit,
    settle: { readonly resolve: (response: Response) => void; readonly reject: (error: unknown) => void },
  ) {
    this.url = new URL(url)
    this.init = init
    this.headers = new Headers(init.headers)
    this.#answer = settle.resolve
    this.#fail = settle.reject
    init.signal?.addEventListener('abort', () => {
      this.isAborted = true
      settle.reject(new DOMException('aborted', 'AbortError'))
    })
  }

  open(contentType = 'text/event-stream'): void {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
      },
    })
    this.#answer(new Response(body, { headers: { 'content-type': contentType } }))
  }

  refuse(status: number, problem: object | null, headers: Record<string, string> = {}): void {
    const contentType = problem === null ? 'text/html' : 'application/problem+json'
    this.#answer(
      new Response(problem === null ? '<h1>no</h1>' : JSON.stringify(problem), {
        status,
        headers: { 'content-type': contentType, ...headers },
      }),
    )
  }

  /** Answers a request that is no stream. */
  answer(body: object): void {
    this.#answer(new Response(JSON.stringify(body), { headers: { 'content-type': 'application/cloudevents+json' } }))
  }

  /** Fails like a network that is gone. */
  fail(): void {
    this.#fail(new TypeError('Failed to fetch'))
  }

  write(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text))
  }

  say(event: object): void {
    this.write(`id: x\ndata: ${JSON.stringify(event)}\n\n`)
  }

  end(): void {
    this.#controller?.close()
  }
}

export interface FetchDouble {
  readonly fetch: typeof globalThis.fetch
  readonly streams: readonly StreamDouble[]
  last(): StreamDouble
}

export function createFetchDouble(): FetchDouble {
  const streams: StreamDouble[] = []
  const fetch = (url: unknown, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      streams.push(new StreamDouble(String(url), init, { resolve, reject }))
    })
  const last = (): StreamDouble => {
    const newest = streams.at(-1)
    if (newest === undefined) throw new Error('Nothing has been fetched.')
    return newest
  }
  return { fetch, streams, last }
}
