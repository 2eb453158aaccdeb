/** `make image`: builds the image of both programs, from the Dockerfile. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createRun } from './platform/command.ts'
import { makeImage } from './platform/platform-steps.ts'
import { root } from './platform/open-platform.ts'
import { otherBaseImages } from './platform/options.ts'
import { runSteps } from './platform/run-steps.ts'

const folder = join(root, '.infra')
await mkdir(folder, { recursive: true })
const step = makeImage(
  { run: createRun(process.env), root, place: { folder }, options: { baseImages: otherBaseImages(process.env) } },
  () => {},
)
process.exitCode = (await runSteps([[step]], { say: console.log, now: Date.now, remindEveryMs: 15_000 })) ? 0 : 1
