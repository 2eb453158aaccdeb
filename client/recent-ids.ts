/** Remembers a number of the last ids. @returns a function that returns true for a new id; an id that occurs again counts as the newest */
export function createRecentIds(capacity: number): (id: string) => boolean {
  const ids = new Set<string>()
  return (id) => {
    const isNew = !ids.delete(id)
    ids.add(id)
    if (ids.size > capacity) for (const oldest of ids) return ids.delete(oldest)
    return isNew
  }
}
