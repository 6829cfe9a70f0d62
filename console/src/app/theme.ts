/** The look: calm colours, small steps, system fonts. */
import { Badge, Button, createTheme, Drawer, FileInput, Modal, Select, Table, Tooltip } from '@mantine/core';

/** Its header is no second banner of the page. */
const DIALOG = { transitionProps: { duration: 0 }, attributes: { header: { role: 'presentation' } } };

export const theme = createTheme({
  primaryColor: 'cyan',
  // The lighter ones are too pale for text on white.
  primaryShade: 9,
  colors: {
    // Greys with a touch of blue, from text to background.
    dark: [
      '#d8dce3',
      '#b4bbc7',
      '#939cab',
      '#5f6878',
      '#3d4554',
      '#2d3441',
      '#222834',
      '#181c25',
      '#12151c',
      '#0c0e13',
    ],
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.4' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 500 } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm' } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300 } }),
    Modal: Modal.extend({
      defaultProps: { ...DIALOG, centered: true, closeButtonProps: { 'aria-label': 'Close' } },
    }),
    Drawer: Drawer.extend({
      defaultProps: { ...DIALOG, position: 'right', closeButtonProps: { 'aria-label': 'Close' } },
    }),
    Select: Select.extend({
      defaultProps: {
        comboboxProps: { transitionProps: { duration: 0 } },
        clearButtonProps: { 'aria-label': 'Clear' },
      },
    }),
    FileInput: FileInput.extend({ defaultProps: { clearButtonProps: { 'aria-label': 'Clear' } } }),
  },
});
