import { createServer } from 'node:http'
import { expect, test, vi } from 'vitest'
import { verdictOf } from './health.ts'
import { internalPages } from './internal-pages.ts'
import { listeningServer } from './listening-server.ts'

test('requests that come while the page of metrics is made get that page, and a later request gets a new one', async () => {
  const page = Promise.withResolvers<string>()
  const render = vi.fn<() => Promise<string>>().mockReturnValueOnce(page.promise).mockResolvedValueOnce('second')
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const healthy = () => verdictOf([])
  const pages = internalPages({
    health: { ready: healthy, live: healthy },
    readiness: () => ({}),
    page: { render, contentType: 'text/plain' },
    logger,
    refuse: (_refusal, body) => ({ status: 404, headers: {}, body }),
  })
  let requests = 0
  const server = listeningServer(
    createServer((request, response) => {
      pages(request, response)
      requests += 1
    }),
    { host: 'HOST', port: 'PORT' },
  )
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const get = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const together = [get(), get(), get()]
  await vi.waitFor(() => expect(requests).toBe(3))
  page.resolve('first')
  expect(await Promise.all(together)).toEqual(['first', 'first', 'first'])
  expect(await get()).toBe('second')
  expect(render).toHaveBeenCalledTimes(2)
  await server.close({ deadlineMs: 0 })
})
