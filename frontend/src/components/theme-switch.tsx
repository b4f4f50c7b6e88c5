import { type Theme, useTheme } from '@/lib/use-theme';
import { MoonIcon, ScreenIcon, SunIcon } from './icons';
import styles from './theme-switch.module.css';

const CHOICES: [Theme, string, typeof SunIcon][] = [
  ['system', 'System', ScreenIcon],
  ['light', 'Light', SunIcon],
  ['dark', 'Dark', MoonIcon],
];

export function ThemeSwitch() {
  const [chosen, choose] = useTheme();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">Theme</legend>
      {CHOICES.map(([theme, word, Icon]) => (
        <label key={theme} className={styles.choice} title={word}>
          <input
            type="radio"
            name="theme"
            value={theme}
            checked={theme === chosen}
            onChange={() => choose(theme)}
            className="visually-hidden"
          />
          <Icon />
          <span className="visually-hidden">{word}</span>
        </label>
      ))}
    </fieldset>
  );
}
