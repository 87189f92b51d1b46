/** Shapes as paths, for a glyph that a font lacks comes out as an empty box. Each state has its own: colour is never alone. */
export const PATHS = {
  ok: 'M3.5 8.5l3 3 6-7',
  failing: 'M4 4l8 8M12 4l-8 8',
  stuck: 'M3 3h10v10H3z',
  late: 'M8 4v4.5l3 2M14 8a6 6 0 1 1-12 0 6 6 0 0 1 12 0',
  degraded: 'M8 2.5L14.5 13.5h-13zM8 7v3M8 12v.1',
  running: 'M5 3l8 5-8 5z',
  new: 'M8 3v10M3 8h10',
  disabled: 'M3 8h10',
  unknown: 'M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M8 12.6v.1',
  alarm: 'M8 2.5L14.5 13.5h-13zM8 7v3M8 12v.1',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l8 5-8 5z',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  close: 'M4 4l8 8M12 4l-8 8',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
} as const;
export type IconName = keyof typeof PATHS;
