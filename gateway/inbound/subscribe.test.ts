import { afterEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts'
import { openSocket, type TestSocket } from '../testing/test-socket.ts'

const running: TestGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

async function start(env: Readonly<Record<string, string>> = {}) {
  const gateway = await startTestGateway({ env })
  running.push(gateway)
  const open = async (filters?: string): Promise<TestSocket> => {
    const token = await gateway.token({ user_id: 'ann' })
    const socket = await openSocket(gateway.socketUrl, { token, cursor: 'latest', ...(filters === undefined ? {} : { filters }) })
    await socket.untilReceived('!resumed')
    return socket
  }
  return { gateway, open }
}

const onlyB = [{ exact: { id: 'b' } }]

/** Sends the command, and returns its answer. */
async function subscribe(socket: TestSocket, data: unknown, id = 'frame'): Promise<{ readonly type: string; readonly data?: unknown }> {
  const before = socket.messages.length
  socket.send(JSON.stringify({ specversion: '1.0', id, source: '/page', type: 'dev.carillon.subscribe', data }))
  const answer = (await socket.until(before + 1))[before]
  if (answer === undefined) throw new Error('no answer')
  return answer
}

describe('dev.carillon.subscribe', () => {
  it('narrows a connection from the cursor of the answer on, and widens it again', async () => {
    const { gateway, open } = await start()
    const socket = await open()
    expect(await subscribe(socket, { filters: onlyB })).toMatchObject({
      type: 'dev.carillon.subscribed',
      data: { id: 'frame' },
      cursor: expect.any(String),
    })
    for (const id of ['a', 'b']) await gateway.emit({ id, type: 't', users: ['ann'] })
    await socket.untilReceived('b')
    expect((await subscribe(socket, { filters: null })).type).toBe('dev.carillon.subscribed')
    await gateway.emit({ id: 'c', type: 't', users: ['ann'] })
    await socket.untilReceived('c')
    expect(socket.ids).toEqual(['!resumed', '!subscribed', 'b', '!subscribed', 'c'])
  })

  it.each([
    ['no data', undefined, 'data must be {"filters": [...]}. An empty array removes the filters.'],
    ['no filters', { filter: [] }, 'data must be {"filters": [...]}. An empty array removes the filters.'],
    ['no array', { filters: {} }, 'filters: must be an array of filters.'],
    [
      'an unknown dialect',
      { filters: [{ regex: { type: '.*' } }] },
      'filters[0]: unknown dialect "regex"; the dialects are exact, prefix, suffix, all, any, not, sql.',
    ],
    [
      'filters that are too deep',
      { filters: [Array.from({ length: 9 }).reduce((inner) => ({ not: inner }), { exact: { id: 'a' } })] },
      expect.stringContaining('nested deeper than 8 levels'),
    ],
    ['an expression that is none', { filters: [{ sql: 'id =' }] }, expect.stringContaining('filters[0].sql: not CloudEvents SQL')],
    [
      'filters that are too large',
      { filters: [{ exact: { id: 'x'.repeat(2_048) } }] },
      'filters: 2069 bytes; MAX_FILTER_BYTES allows 2048.',
    ],
  ])('is refused with %s, and the earlier filters stay', async (_what, data, detail) => {
    const { gateway, open } = await start()
    const socket = await open(JSON.stringify(onlyB))
    expect((await subscribe(socket, data)).data).toEqual({ id: 'frame', type: 'urn:carillon:problem:bad-filters', detail })
    for (const id of ['a', 'b']) await gateway.emit({ id, type: 't', users: ['ann'] })
    await socket.untilReceived('b')
    expect(socket.ids).toEqual(['!resumed', '!nack', 'b'])
  })

  it.each([
    ['this user has too many filters', 'MAX_DISTINCT_FILTERS_PER_USER', 'too-many-filters'],
    ['the pod has too many filters', 'MAX_DISTINCT_FILTERS', 'overloaded'],
  ])('is refused where %s, and told when to try again', async (_what, option, type) => {
    const { open } = await start({ [option]: '1' })
    await open(JSON.stringify(onlyB))
    const socket = await open()
    expect((await subscribe(socket, { filters: [{ exact: { id: 'c' } }] })).data).toEqual({
      id: 'frame',
      type: `urn:carillon:problem:${type}`,
      detail: expect.stringContaining(`(${option})`),
      retryAfterMs: 5000,
    })
  })

  it('is refused where filters are off, and the gateway does not announce it', async () => {
    const { open } = await start({ MAX_DISTINCT_FILTERS: '0' })
    const socket = await open()
    expect(socket.messages[0]?.data).toMatchObject({ features: expect.not.arrayContaining(['subscribe']) })
    expect((await subscribe(socket, { filters: onlyB })).data).toMatchObject({
      type: 'urn:carillon:problem:bad-filters',
      detail: 'filters: this gateway takes none (MAX_DISTINCT_FILTERS is 0). Use none.',
    })
    expect((await subscribe(socket, { filters: null })).type).toBe('dev.carillon.subscribed')
  })
})
