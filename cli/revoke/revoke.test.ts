import { describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { openSocket } from '../../gateway/testing/test-socket.ts'
import { useStarted } from '../../testing/use.ts'
import { runCli } from '../testing/run-cli.ts'

const gateway = useStarted(
  'gateway',
  () => startTestGateway(),
  (started: TestGateway) => started.stop(),
)

describe('carillon revoke', () => {
  it('ends the sessions of users, and prints what is revoked', async () => {
    const open = await openSocket(gateway.socketUrl, { token: await gateway.token({ user_id: 'ann' }) })
    const { exit, stdout } = await runCli(['revoke', gateway.url, '--user', 'ann', '--user', 'bob'])
    expect(exit).toBe('ok')
    expect(stdout).toMatch(/^revoked {2}user:ann {2}issued before \S+Z {2}until \S+Z\nrevoked {2}user:bob /)
    expect((await open.closed).code).toBe(4002)
  })

  it('prints the answer with --json, and passes the time on', async () => {
    const time = '2026-01-01T00:00:00.000Z'
    const { stdout } = await runCli(['revoke', gateway.url, '--organization', 'o1', '--issued-before', time, '--json'])
    expect(JSON.parse(stdout)).toEqual({ revocations: [{ subject: 'organization:o1', issuedBefore: time, until: expect.any(String) }] })
  })

  it('fails with the words of the gateway', async () => {
    const { exit, stderr } = await runCli(['revoke', gateway.url, '--token-id', 't-1', '--issued-before', 'yesterday'])
    expect(exit).toBe('failed')
    expect(stderr).toContain('issuedBefore must be an RFC 3339 timestamp')
  })

  it.each([[[]], [['--user', 'ann', '--organization', 'o1']]])('refuses %j as wrong use', async (more) => {
    const { exit, stderr } = await runCli(['revoke', gateway.url, ...more])
    expect(exit).toBe('usage')
    expect(stderr).toContain('Give one of --user, --organization and --token-id.')
  })
})
