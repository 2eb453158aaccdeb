import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { renderRequest, shortRequest } from './emit-request.ts'

const message = {
  id: "it's",
  type: 't',
  broadcast: true,
  users: [],
  usernames: [],
  organizations: [],
  roles: [],
  payload: { nasty: '\'"$(id) `x` \\ \n\t\b 👋 </script> ${1}', at: '@file' },
}
const request = shortRequest(message)
const target = { api: 'http://localhost:8000/api/chrome-service/v1', needsToken: false }

describe('renderRequest', () => {
  it('renders a curl command that survives a shell with any payload', () => {
    const echoed = execFileSync('sh', ['-c', renderRequest('curl', request, target).replace(/^curl/, String.raw`printf '%s\0'`)])
      .toString()
      .split('\0')
    expect(echoed.slice(0, 6)).toEqual(['-i', '-X', 'POST', `${target.api}/emit-message`, '-H', 'content-type: application/json'])
    expect(JSON.parse(echoed[7] ?? '')).toEqual(message)
  })

  it('renders JavaScript that sends the same request', async () => {
    const fake = 'globalThis.fetch = async (...parts) => ({ status: 202, text: async () => JSON.stringify(parts) })\n'
    const code = `${fake}${renderRequest('javascript', request, target)}`
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code]).toString()
    expect(JSON.parse(printed.replace(/^202 /, ''))).toEqual([
      `${target.api}/emit-message`,
      { method: 'POST', headers: request.headers, body: request.body },
    ])
  })

  it('has a place for a token where the gateway needs one, and never a token', () => {
    for (const language of ['curl', 'javascript', 'python'] as const) {
      expect(renderRequest(language, request, { ...target, needsToken: true })).toContain('Bearer TOKEN')
      expect(renderRequest(language, request, target)).not.toContain('Bearer')
    }
  })

  it('renders a request without a body', () => {
    const bare = { ...request, body: null }
    expect(renderRequest('curl', bare, target)).not.toContain('--data')
    expect(renderRequest('javascript', bare, target)).not.toContain('body')
    expect(renderRequest('python', bare, target)).toContain('data=b"",')
  })
})
