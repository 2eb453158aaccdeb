import { find, h } from '../dom.ts'
import type { Identity } from '../identities.ts'

/** The value of the entry that asks for another identity. */
const somebodyElse = 'somebody-else'

export interface IdentityListsOptions {
  readonly identities: readonly Identity[]
  /** The text of the entry that asks for another identity. */
  readonly otherLabel: string
  /** Asks for an identity; null: the user cancelled. */
  readonly ask: () => Promise<Identity | null>
}

/** The lists of identities on the page. An identity that is added to one is in all of them. */
export class IdentityLists {
  identities: readonly Identity[]
  readonly #options: IdentityListsOptions
  readonly #lists = ['connect-identity', 'browser-identity', 'emit-identity'].map((id) => find(id, HTMLSelectElement))
  /** The value of each list before the user chose another identity. */
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

  /** Returns the identity of a list. Asks if the user chose another one; null: the user cancelled. */
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
