import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { gatewayNodeFlags } from '../../program/node-flags.ts'

const words = ['node', ...gatewayNodeFlags, 'gateway/main.ts']

// The command of a pod is in the snapshots of cdk8s/operands.
describe('the flags of Node.js', () => {
  it('are in the command of the image', () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')
    const command = /^CMD (.+)$/m.exec(dockerfile)?.[1] ?? ''
    expect(JSON.parse(command)).toEqual(words)
  })

  it('are in the commands by which make starts the gateway', () => {
    expect(packageJson.scripts.start).toBe(words.join(' '))
    expect(packageJson.scripts.dev).toBe(['node', '--watch', ...words.slice(1)].join(' '))
  })

  it('are flags that Node.js takes', () => {
    expect(gatewayNodeFlags.filter((flag) => !process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/, '')))).toEqual([])
  })
})
