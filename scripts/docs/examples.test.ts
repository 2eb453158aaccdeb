import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripTypeScriptTypes } from 'node:module'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { transform } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect, type Connection, type ConnectOptions } from '../../client/index.ts'
import { type Filter, withFilters } from '../../client/filters.ts'
import { connect as connectToSend } from '../../client/send.ts'
import { connect as connectToShare } from '../../client/share.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { isProvedElsewhere } from './file-examples.ts'
import { type CodeBlock, codeBlocks, readPages } from './pages.ts'

/** The examples of the documentation, as a reader would run them. examples.browser.test.ts has those for a page. */

const blocks = readPages()
  .flatMap(codeBlocks)
  .filter((block) => !isProvedElsewhere(block))
const shell = blocks.filter(({ language }) => language === 'sh')
const requests = shell.filter(({ code }) => code.includes('curl'))
const streams = requests.filter(({ code }) => code.includes('curl -N'))
const typescript = blocks.filter(({ language }) => ['ts', 'tsx'].includes(language))
/** Those that connect to a gateway; one with a memory gateway has no use for ours. */
const clients = typescript.filter(({ code }) => /connect(<[\w, ]+>)?\(/.test(code) && !code.includes('createMemoryGateway'))

const claims = { user_id: 'u1', username: 'ada', org_id: 'o1', roles: ['admin'] }
const title = ({ page, line }: CodeBlock): string => `${page}:${line}`

let gateway: TestGateway
let token: string
/** Ids that arrived at a client that every audience of the examples reaches. */
const arrived = new Set<string>()
let receiver: Connection
beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.token(claims)
  const everything = await gateway.token({ user_id: 'ann', username: 'ann', org_id: 'o1', roles: ['dispatcher', 'admin'] })
  const opened = Promise.withResolvers<void>()
  receiver = connect({
    channel: 'chrome-service',
    base: gateway.url,
    token: () => everything,
    onEvent: ({ id }) => arrived.add(id),
    onStateChange: ({ kind }) => {
      if (kind === 'open') opened.resolve()
    },
  })
  await opened.promise
})
afterAll(async () => {
  receiver.close()
  await gateway.stop()
})

/** Returns the ids that an answer reports as accepted. */
const acceptedIn = (output: string): readonly string[] => [...output.matchAll(/\{"id":"([^"]+)","source":/g)].map(([, id = '']) => id)

const here = (code: string): string => code.replaceAll('localhost:8000', new URL(gateway.url).host)
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], TOKEN: token })

/** Returns the answer that the comments below a command expect: `# 202 {"id": ...}`. */
const promised = ({ code }: CodeBlock): readonly string[] => [...code.matchAll(/^# (\d{3}.*)$/gm)].map(([, answer = '']) => answer)

describe('a shell example', () => {
  it('is a command of make or of the environment, or a request: nothing else is passed over', () => {
    const known = /^(#.*|export [A-Z_]+=\S+|(?:[A-Z_]+=\S+ )*make( .*)?)$/
    const others = shell
      .filter((block) => !requests.includes(block))
      .flatMap(({ code }) => code.split('\n').filter((line) => line !== '' && !known.test(line)))
    expect(others).toEqual([])
    expect([requests.length, streams.length].map((count) => count > 1)).toEqual([true, true])
  })

  it('of docs/emit-api.md shows its answer, except for a stream', () => {
    const silent = requests.filter((block) => !streams.includes(block) && block.page === 'docs/emit-api.md' && promised(block).length === 0)
    expect(silent.map(title)).toEqual([])
  })

  it.each(requests.filter((block) => !streams.includes(block)).map((block) => [title(block), block] as const))(
    '%s is answered as the page says',
    async (_title, block) => {
      const { stdout } = await promisify(execFile)('sh', ['-e', '-c', `${here(block.code)}\n[ -z "$TOKEN" ] || echo "token=$TOKEN"`], {
        env: environment(),
      })
      const statuses = [...stdout.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status)
      const [expected] = promised(block)
      // Without an answer on the page, any success will do.
      expect(expected ?? stdout).not.toContain('urn:carillon:problem')
      const [status, ...body] = (expected ?? '').split(' ')
      expect(stdout).toContain(body.join(' '))
      expect(statuses.filter((each) => each !== (status ?? ''))).toEqual([])
      expect(stdout).toMatch(/token=[\w-]+\.[\w-]+\.[\w-]+/)
      // Accepted events must reach a browser: a 202 alone does not show that.
      await vi.waitFor(() => expect(acceptedIn(stdout).filter((id) => !arrived.has(id))).toEqual([]), 10_000)
    },
  )

  it.each(streams.map((block) => [title(block), block] as const))('%s shows what arrives', async (_title, block) => {
    // A group of its own, because curl runs below the shell.
    const child = spawn('sh', ['-e', '-c', here(block.code)], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'], detached: true })
    const ended = once(child, 'exit')
    let seen = ''
    child.stdout.on('data', (chunk) => (seen += String(chunk)))
    try {
      await vi.waitFor(() => expect(seen).toContain('retry:'), 10_000)
      await gateway.emit({ type: 'shown.in.a.stream', users: ['u1'], payload: 1 })
      await vi.waitFor(() => expect(seen).toContain('shown.in.a.stream'), 10_000)
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
      await ended
    }
  })
})

describe('a Python example', () => {
  const python = blocks.filter(({ language }) => language === 'python')

  it.each(python.map((block) => [title(block), block] as const))('%s is accepted, and arrives', async (_title, { code }) => {
    const { stdout } = await promisify(execFile)('python3', ['-c', here(code)])
    expect(stdout).toMatch(/^202 /)
    await vi.waitFor(() => expect(acceptedIn(stdout).filter((id) => arrived.has(id))).toHaveLength(1), 10_000)
  })

  it('exists', () => {
    expect(python.length).toBeGreaterThan(0)
  })
})

/** Returns `connect` of the entry point that an example imports. */
const connectOf = (code: string): ((options: ConnectOptions) => Connection) =>
  code.includes("'@carillon/client/share'") ? connectToShare : code.includes("'@carillon/client/send'") ? connectToSend : connect

describe('a TypeScript example', () => {
  it.each(clients.map((block) => [title(block), block] as const))('%s receives events', async (_title, { code }) => {
    const seen: unknown[] = []
    const opened: Connection[] = []
    const kept = new Map<string, string>()
    const surroundings = {
      connect: (options: ConnectOptions) => {
        const connection = connectOf(code)({ token: () => token, ...options, base: gateway.url })
        opened.push(connection)
        return connection
      },
      withFilters: (url: string, filters: readonly Filter[]) => withFilters(new URL(url, gateway.url).href, filters),
      store: { apply: (event: unknown) => seen.push(event), refetch: () => undefined },
      dispatch: (event: unknown) => seen.push(event),
      show: (...event: unknown[]) => seen.push(event),
      refetch: () => undefined,
      badge: Object.assign(() => undefined, { show: () => undefined }),
      session: { freshToken: () => token },
      sessionStorage: {
        getItem: (name: string) => kept.get(name) ?? null,
        setItem: (name: string, value: string) => kept.set(name, value),
      },
      useEffect: (effect: () => void) => effect(),
      AbortSignal,
      crypto,
    }
    const script = stripTypeScriptTypes(code.replaceAll(/^import .*$/gm, ''))
    try {
      // In a function, because an example may await.
      await runInNewContext(`(async () => { ${script} })()`, surroundings)
      expect(opened).toHaveLength(1)
      await vi.waitFor(() => expect(opened[0]?.state.kind).toBe('open'), 10_000)
      await gateway.emit({ type: 'for.the.client', users: ['u1'], payload: 1 })
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), 10_000)
    } finally {
      for (const connection of opened) connection.close()
    }
  })

  it.each(typescript.filter((block) => !clients.includes(block)).map((block) => [title(block), block] as const))(
    '%s compiles',
    async (_title, { code, language }) => {
      const { warnings } = await transform(code, { loader: language === 'tsx' ? 'tsx' : 'ts' })
      expect(warnings).toEqual([])
    },
  )
})
