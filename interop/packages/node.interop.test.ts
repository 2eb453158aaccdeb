import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { receiverProgram, runReceiver } from '../../scripts/packages/testing/user-programs.ts'
import { createUserProject, type UserProject } from '../../scripts/packages/testing/user-project.ts'
import { nodeOf, nodeVersions, pathOf } from './testing/node-versions.ts'
import { tarballOf } from './testing/open-project.ts'
import { addRow } from './testing/results.ts'

let gateway: TestGateway
let project: UserProject
let token = ''
beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.token({ user_id: 'u1' })
  // Not the project that has the versions of Node.js: npx would find one of them in it.
  project = await createUserProject()
  await project.install(['@carillon/client', 'carillon'].map(tarballOf), { isOnline: true })
})
afterAll(async () => {
  await project.remove()
  await gateway.stop()
})

describe.each(nodeVersions)('Node.js %i', (major) => {
  // Node.js 20 has no WebSocket.
  const transport = major === 20 ? 'sse' : 'websocket'

  it.each([
    ['an ES module', 'mjs', "import { connect } from '@carillon/client'"],
    ['a CommonJS module', 'cjs', "const { connect } = require('@carillon/client')"],
  ])('receives an event by the client as %s', async (kind, extension, head) => {
    const file = `${major}.${extension}`
    await project.write({ [file]: `${head}\n${receiverProgram(gateway, token)}` })
    const output = await runReceiver(gateway, () => project.run(nodeOf(major), file))
    addRow('@carillon/client', `Node.js ${major}, ${kind}`, output.trim())
    expect(output).toBe(`hello by ${transport}\n`)
  })

  it('runs the installed command by npx: help, and the events of a user', async () => {
    const npx = (...words: readonly string[]) => project.run('env', `PATH=${pathOf(major)}`, 'npx', '--no-install', 'carillon', ...words)
    expect(await npx('--help')).toEqual({ code: 0, output: expect.stringMatching(/doctor +check the way/) })
    await project.write({ 'user.jwt': token })
    const output = await runReceiver(gateway, () => npx('listen', gateway.url, '--token-file', 'user.jwt', '--count', '1', '--json'))
    addRow('carillon', `Node.js ${major}, npx`, /connected \(\w+\)/.exec(output)?.[0] ?? output)
    expect(output).toContain(`connected (${transport})`)
    expect(output).toContain('"data":"hello"')
  })
})

it('the command names the oldest version of Node.js that it needs to one that is older', async () => {
  const { code, output } = await project.run(nodeOf(18), 'node_modules/carillon/carillon.js', '--help')
  addRow('carillon', 'Node.js 18', output.trim())
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^carillon: Node\.js 18\.\S+ is too old\. Install Node\.js 20 or later; 22 has WebSocket\.\n$/),
  ])
})

it('the command runs by npx from its tarball, in a folder without a project', async () => {
  const { code, output } = await project.run(
    'env',
    '--chdir=/',
    'npx',
    '--yes',
    '--package',
    tarballOf('carillon'),
    'carillon',
    'token',
    gateway.url,
    '--user',
    'u1',
  )
  addRow('carillon', 'npx, from its tarball', code === 0 ? 'a token' : output)
  expect([code, output]).toEqual([0, expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)])
})
