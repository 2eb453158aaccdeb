import type { Locator, Page } from 'playwright-core'

export interface Message {
  readonly type?: string
  readonly payload?: unknown
  readonly organizations?: string
  readonly roles?: string
  readonly usernames?: string
  readonly id?: string
}

/** What a user does in the console, and what a user reads there. @param page called at each action */
export function consoleActions(page: () => Page) {
  const replayEnded = (): Promise<void> => page().locator('.event.control', { hasText: 'replayed' }).first().waitFor()
  const card = (id: number): Locator =>
    page()
      .locator('#connections > li')
      .filter({ has: page().locator('.badge', { hasText: new RegExp(`^${id}$`) }) })
  const isOpen = (id: number): Promise<void> => card(id).locator('.pill[data-state="open"]').waitFor({ state: 'attached' })
  const press = (name: string | RegExp): Promise<void> => page().getByRole('button', { name }).click()
  const events = (): Locator => page().locator('.event.event:not(.control):not(.gap)')
  const stat = async (id: number, name: string): Promise<string | null> =>
    card(id).locator('.stats > div').filter({ hasText: name }).locator('dd').textContent()

  async function connectAs(person: string, transport = 'auto'): Promise<void> {
    await unfold('#connections-panel')
    await page().locator('#connect-transport').selectOption(transport)
    await page().locator('#connect-identity').selectOption({ label: person })
    await press(/^Connect$/)
  }

  const unfold = (part: string): Promise<void> =>
    page()
      .locator(part)
      .evaluate((details) => details.setAttribute('open', ''))

  async function emit({ type = 'hello', payload = { title: 'It works' }, ...audience }: Message = {}): Promise<void> {
    const named = [audience.organizations, audience.roles, audience.usernames].some((names) => names !== undefined)
    await page()
      .locator(named ? '#reach-some' : '#reach-everybody')
      .check({ force: true })
    if (named) {
      await page()
        .locator('#audience-organizations')
        .fill(audience.organizations ?? '')
      await page()
        .locator('#audience-roles')
        .fill(audience.roles ?? '')
      await page()
        .locator('#audience-usernames')
        .fill(audience.usernames ?? '')
    }
    await unfold('#emit-more')
    await page().locator('#emit-type').fill(type)
    await page()
      .locator('#emit-id')
      .fill(audience.id ?? '')
    await page().locator('#emit-payload').fill(JSON.stringify(payload))
    await press(/^Emit$/)
  }

  /** The numbers of the connections that got an event of that type. */
  async function recipientsOf(type: string): Promise<readonly string[]> {
    const row = events().filter({ hasText: type })
    await row.locator('.recipient').first().waitFor()
    return row.locator('.badge').allTextContents()
  }
  return { card, connectAs, emit, events, isOpen, press, recipientsOf, replayEnded, stat, unfold }
}
