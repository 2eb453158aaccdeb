import { describe, expect, it } from 'vitest'
import { options } from '../gateway/config/options.ts'
import { exitCodes } from './exit-codes.ts'
import { commands } from './run.ts'
import { defaultChannel } from './target.ts'
import { runCli } from './testing/run-cli.ts'

describe('the program', () => {
  it('prints its help, with all commands and exit codes, to standard output', async () => {
    const { exit, stdout, stderr } = await runCli(['--help'])
    expect({ exit, stderr }).toEqual({ exit: 'ok', stderr: '' })
    for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'))
    expect(stdout).toContain('Exit codes: 0 ok, 1 a request or check failed, 2 the command line is wrong.')
  })

  it('has a closed table of exit codes', () => {
    expect(exitCodes).toEqual({ ok: 0, failed: 1, usage: 2 })
  })

  it('prints its version', async () => {
    expect(await runCli(['--version'])).toEqual({ exit: 'ok', stdout: '0.0.0-test\n', stderr: '' })
  })

  it.each([
    [[], /No command\. Give one of listen, emit, revoke, token, doctor, conformance/],
    [['lisen'], /no command "lisen"\. Did you mean listen\?/],
    [['fly'], /no command "fly"\. Give one of/],
    [['listen'], /listen needs the URL of a gateway/],
    [['listen', 'http://a', 'http://b'], /takes one URL, and "http:\/\/b" is one argument too many/],
    [['listen', 'http://a', '--transprot', 'x'], /listen has no flag --transprot\. Did you mean --transport\?/],
    [['listen', 'http://a', '--count'], /--count/],
    [['listen', 'http://a', '--count', '1', '--count', '2'], /--count was given twice/],
    [['listen', 'localhost:8000'], /Give one with a scheme, such as http:\/\/localhost:8000/],
    [['listen', 'ftp://a'], /is not the URL of a gateway/],
    [['listen', 'http://a/some/path'], /\/some\/path is not an endpoint of a channel/],
    [['listen', 'http://a/wss/x/v1/ws', '--channel', 'y'], /names the channel x, and --channel names y/],
  ])('refuses %j as wrong use, with the remedy on standard error', async (argv, message) => {
    const { exit, stdout, stderr } = await runCli(argv)
    expect({ exit, stdout }).toEqual({ exit: 'usage', stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('takes the same default channel as the gateway', () => {
    expect(defaultChannel).toBe(options.channel.default)
  })
})

describe.each(commands)('the command $name', (command) => {
  it.each([
    [command.name, '--help'],
    ['help', command.name],
  ])('%s %s prints its flags and an example', async (...argv) => {
    const { exit, stdout, stderr } = await runCli(argv)
    expect({ exit, stderr }).toEqual({ exit: 'ok', stderr: '' })
    for (const flag of Object.keys(command.flags)) expect(stdout).toContain(`  --${flag}`)
    expect(stdout).toMatch(new RegExp(`Examples:\n  carillon ${command.name} `))
    expect(stdout.split('\n').filter((line) => line.length > 140)).toEqual([])
  })
})
