import { find, h } from '../dom.ts'
import type { Identity } from '../identities.ts'

/** The value of the entry that asks for somebody who is not in the list. */
const somebodyElse = 'somebody-else'

export interface IdentityListsOptions {
  readonly identities: readonly Identity[]
  /** The text of the entry that asks. */
  readonly otherLabel: string
  /** Asks for somebody; null: cancelled. */
  readonly ask: () => Promise<Identity | null>
}

/** The lists of the page that name people. Whoever is added to one is in all of them. */
export class IdentityLists {
  identities: readonly Identity[]
  readonly #options: IdentityListsOptions
  readonly #lists = ['connect-identity', 'browser-identity', 'emit-identity'].map((id) => find(id, HTMLSelectElement))
  /** What each list said before somebody else was asked for. */
  readonly #chosen = new Map<HTMLSelectElement, string>()

  constructor(options: IdentityListsOptions) {
    this.#options = options
    this.identities = options.identities
    this.#fill()
  }

  add(...added: readonly Identity[]): void {
    this.identities = [...this.identities, ...added.filter(({ id }) => !this.identities.some((known) => known.id === id))]
    this.#fill()
  }

  /** @param name the id of the list */
  choose(name: string, identity: Identity): void {
    const list = find(name, HTMLSelectElement)
    list.value = identity.id
    this.#chosen.set(list, identity.id)
  }

  /** What a list says; asks when it says "somebody else". Null: nobody was given. */
  async chosen(name: string): Promise<Identity | null> {
    const list = find(name, HTMLSelectElement)
    if (list.value !== somebodyElse) {
      this.#chosen.set(list, list.value)
      return this.identities.find(({ id }) => id === list.value) ?? null
    }
    const identity = await this.#options.ask()
    if (identity === null) {
      list.value = this.#chosen.get(list) ?? this.identities[0]?.id ?? somebodyElse
      return null
    }
    this.add(identity)
    this.choose(name, identity)
    return identity
  }

  #fill(): void {
    for (const list of this.#lists) {
      const chosen = list.value
      const options = this.identities.map(({ id, label }) => h('option', { value: id }, label))
      list.replaceChildren(...options, h('option', { value: somebodyElse }, this.#options.otherLabel))
      list.value = this.identities.some(({ id }) => id === chosen) ? chosen : (this.identities[0]?.id ?? somebodyElse)
    }
  }
}
