import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { receiverProgram, runReceiver } from '../../scripts/packages/testing/user-programs.ts'
import type { UserProject } from '../../scripts/packages/testing/user-project.ts'
import { openProject } from './testing/open-project.ts'
import { installedVersion } from './testing/installed-version.ts'
import { addRow } from './testing/results.ts'

let gateway: TestGateway
let project: UserProject
beforeAll(async () => {
  gateway = await startTestGateway()
  const token = await gateway.token({ user_id: 'u1' })
  project = await openProject('web', ['@carillon/client'])
  await project.write({
    'app/index.html': '<script type="module" src="/main.js"></script>',
    'app/main.js': `import { connect } from '@carillon/client'\n${receiverProgram(gateway, token)}`,
    'app/vite.config.js':
      "export default { build: { modulePreload: { polyfill: false }, rollupOptions: { output: { entryFileNames: 'main.js' } } } }",
  })
})
afterAll(async () => {
  await project.remove()
  await gateway.stop()
})

it.each([
  ['vite', ['build', 'app'], 'app/dist/main.js'],
  ['webpack', ['--mode', 'production', '--entry', './app/main.js', '--output-path', 'webpack'], 'webpack/main.js'],
  ['esbuild', ['app/main.js', '--bundle', '--minify', '--format=esm', '--outfile=esbuild/main.js'], 'esbuild/main.js'],
] as const)('%s bundles the client, and the bundle receives an event', async (bundler, words, bundle) => {
  const { code, output } = await project.run(`node_modules/.bin/${bundler}`, ...words)
  expect([code, output]).toEqual([0, expect.stringContaining('main.js')])
  const received = await runReceiver(gateway, () => project.run(process.execPath, bundle))
  addRow('@carillon/client', `${bundler} ${await installedVersion(project, bundler)}`, received.trim())
  expect(received).toBe('hello by websocket\n')
})
