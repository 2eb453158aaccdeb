import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Builder, type WebDriver, type WebElement } from 'selenium-webdriver'
import { findFreePortPair } from '../free-ports.ts'
import { until } from '../until.ts'
import type { Control, Engine, EnginePage } from './engine.ts'
import { controlExpression, waitForControl } from './find-control.ts'

/** Paths. */
interface WebKitPrograms {
  readonly webKitWebDriver: string
  readonly xvfb: string
}

/** Starts WebKitGTK on a display of its own. It has one page at a time, and all pages have one `sessionStorage`. */
export async function launchWebKit({ webKitWebDriver, xvfb }: WebKitPrograms): Promise<Engine> {
  const home = await mkdtemp(join(tmpdir(), 'carillon-webkit-'))
  const processes: ChildProcess[] = []
  const close = async (): Promise<void> => {
    await Promise.all(processes.splice(0).map(kill))
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const display = spawn(xvfb, ['-displayfd', '1', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    processes.push(display)
    const number = await firstLine(display, xvfb)
    const port = await findFreePortPair()
    const env = { ...process.env, DISPLAY: `:${number}`, HOME: home, XDG_RUNTIME_DIR: home, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' }
    const server = spawn(webKitWebDriver, [`--port=${port}`], { env, stdio: 'ignore' })
    processes.push(server)
    await isListening(server, port)
    const driver = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities({ browserName: 'MiniBrowser' }).build()
    return {
      openPage: () => openPage(driver),
      close: async () => {
        if (processes.length > 0) await driver.quit()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openPage(driver: WebDriver): Promise<EnginePage> {
  const evaluate = async (expression: string): Promise<unknown> => {
    const { error, value } = await driver.executeAsyncScript<{ readonly error?: string; readonly value?: unknown }>(
      `const done = arguments[0]
       Promise.resolve().then(() => (${expression})).then((value) => done({ value }), (error) => done({ error: String(error) }))`,
    )
    if (error !== undefined) throw new Error(error)
    return value
  }
  return {
    goto: (url) => driver.get(url),
    goBack: () => driver.navigate().back(),
    click: async (control) => (await find(driver, control)).click(),
    type: async (control, text) => {
      const element = await find(driver, control)
      await driver.executeScript('arguments[0].select()', element)
      await element.sendKeys(text)
    },
    evaluate,
    collectGarbage: async () => void (await evaluate(collectGarbage)),
    complaints: async () => (await evaluate('globalThis.complaints')) as readonly string[], // set by page-script.ts
    // All pages have one tab, because a tab in the background draws no frames.
    close: () => driver.get('about:blank'),
  }
}

/** An expression: allocates until objects that only weak references hold are gone. A task keeps the objects that it dereferences. */
const collectGarbage = `(async () => {
  const nextTask = () => new Promise((resolve) => setTimeout(resolve))
  const planted = Array.from({ length: 100 }, () => new WeakRef({}))
  do {
    await nextTask()
    for (let count = 0; count < 20; count += 1) new Array(2e5).fill({})
    await nextTask()
  } while (planted.filter((reference) => reference.deref() === undefined).length < planted.length / 2)
})()`

function find(driver: WebDriver, control: Control): Promise<WebElement> {
  return waitForControl(control, () => driver.executeScript<WebElement | null>(`return ${controlExpression(control)}`))
}

async function firstLine({ stdout }: ChildProcess, name: string): Promise<string> {
  if (stdout !== null) for await (const line of createInterface({ input: stdout })) return line
  throw new Error(`${name} ended before it named its display.`)
}

/** Resolves when the port answers. @throws when the server has ended */
async function isListening(server: ChildProcess, port: number): Promise<void> {
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/status`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(answers, { what: 'WebKitWebDriver to listen', seconds: 20, everyMs: 50, isPossible: () => server.exitCode === null })
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
