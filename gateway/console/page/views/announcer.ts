import { find } from '../dom.ts'

/** Least time between two announcements: a screen reader must get to the end of a sentence. */
const pauseMs = 2_000

/** Tells a screen reader, politely: what was said meanwhile becomes one sentence less. */
export function createAnnouncer(): (text: string) => void {
  const place = find('announcer', HTMLParagraphElement)
  let next: string | null = null
  let isResting = false
  const say = (text: string): void => {
    place.textContent = text
    isResting = true
    setTimeout(() => {
      isResting = false
      const waiting = next
      next = null
      if (waiting !== null) say(waiting)
    }, pauseMs)
  }
  return (text) => {
    if (isResting) next = text
    else say(text)
  }
}
