/** The attributes of an event that filters see: those that clients get, with their types, without `cursor` and the data. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** Returns the value of an attribute; undefined: the event has none of this name. */
export function attributeOf(attributes: Attributes, name: string): string | number | boolean | undefined {
  // Names such as `constructor` are ordinary names of attributes.
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined
}
