import { describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { useStarted } from '../../testing/use.ts'
import { runCli } from '../testing/run-cli.ts'

const gateway = useStarted(
  'gateway',
  () => startTestGateway(),
  (started: TestGateway) => started.stop(),
)

const claimsOf = (token: string): Readonly<Record<string, unknown>> =>
  // A token of the gateway has an object of claims in its second part.
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>

describe('carillon token', () => {
  it('prints a token with the claims of the flags', async () => {
    const flags = [
      '--user',
      'ann',
      '--username',
      'Ann',
      '--organization',
      'o1',
      '--role',
      'admin',
      '--role',
      'reader',
      '--claims',
      '{"account_number": "7"}',
    ]
    const { exit, stdout } = await runCli(['token', gateway.url, ...flags])
    expect(exit).toBe('ok')
    expect(claimsOf(stdout)).toMatchObject({
      user_id: 'ann',
      username: 'Ann',
      org_id: 'o1',
      roles: ['admin', 'reader'],
      account_number: '7',
    })
  })

  it('prints JSON with --json, and sets the end of the token', async () => {
    const { stdout } = await runCli(['token', gateway.url, '--json', '--expires-in', '60'])
    const { token } = JSON.parse(stdout) as { readonly token: string }
    expect(claimsOf(token)['exp']).toBeGreaterThan(Date.now() / 1000 + 50)
  })

  it('fails with the remedy when the gateway is not in development mode', async () => {
    const production = await startTestGateway({ config: { isDevelopment: false } })
    const { exit, stdout, stderr } = await runCli(['token', production.url])
    await production.stop()
    expect({ exit, stdout }).toEqual({ exit: 'failed', stdout: '' })
    expect(stderr).toContain('Only a gateway in development mode makes tokens; elsewhere, ask the identity provider.')
  })

  it('fails with the words of the gateway when a claim is wrong', async () => {
    const { exit, stderr } = await runCli(['token', gateway.url, '--claims', '{"userid": "ann"}'])
    expect(exit).toBe('failed')
    expect(stderr).toMatch(/No token: 400 bad-request\. .*did you mean `user_id`/)
  })

  it('fails with the reason when nothing listens there', async () => {
    const closed = await startTcpProxy(null)
    await closed.close()
    const { exit, stderr } = await runCli(['token', `http://127.0.0.1:${closed.port}`])
    expect(exit).toBe('failed')
    expect(stderr).toMatch(/No token from .* \(.*ECONNREFUSED.*\)\. Check that the gateway runs/)
  })

  it.each([
    [['--claims', 'user'], /--claims is not a JSON object/],
    [['--expires-in', 'soon'], /--expires-in is "soon"/],
  ])('refuses %j as wrong use', async (flags, message) => {
    const { exit, stderr } = await runCli(['token', gateway.url, ...flags])
    expect(exit).toBe('usage')
    expect(stderr).toMatch(message)
  })
})
