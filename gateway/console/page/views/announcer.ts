import { find } from '../dom.ts'

/** Least time between two announcements, so that a screen reader can finish a sentence. */
const pauseMs = 2_000

/** Makes polite announcements to a screen reader. Only the last announcement of a wait is made. */
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
