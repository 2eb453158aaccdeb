import { describe, expect, it, vi } from 'vitest'
import { readAtDesk } from './desk-reader.ts'

describe('the page about events that do not arrive', () => {
  const { page, gateway, here } = readAtDesk('docs/nothing-arrives.md')

  it('names the log lines and the fields that its commands have caused', async () => {
    // The page's `curl` without a token, which examples.test.ts types.
    expect((await fetch(here('http://localhost:8000/api/chrome-service/v1/events'))).status).toBe(401)
    const rows = [...page.text.matchAll(/^\| `((?:session|event|request) \w+)`, with (.+?) \|/gm)].map(([, message = '', fields = '']) => ({
      message,
      fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field),
    }))
    expect(rows.length).toBeGreaterThan(2)
    for (const { message, fields } of rows) {
      await vi.waitFor(() => {
        const lines = gateway().lines.filter(({ msg }) => msg === message)
        const missing = fields.filter((field) => !lines.some((line) => field in line))
        expect({ message, isLogged: lines.length > 0, missing }).toEqual({ message, isLogged: true, missing: [] })
      })
    }
  })
})
