import { Alarms } from './alarms/alarms.tsx';
import type { Feeds } from './feeds.ts';
import { RestOfPage } from './rest-of-page.tsx';
import { Header, type Updates } from './shell/header.tsx';
import { Hero } from './shell/hero.tsx';
import { Tasks } from './tasks/tasks.tsx';

/** The page, from top to bottom; what wants a person comes first. */
export function App({ feeds, updates }: { feeds: Feeds; updates: Updates }) {
  const { status } = feeds;
  return (
    <>
      <Header project={status.answer.value?.data.deployment.project ?? ''} updates={updates} />
      <main>
        <Hero status={status} />
        <Alarms status={status} />
        <Tasks status={status} />
        <RestOfPage feeds={feeds} follow={updates.follow} />
      </main>
    </>
  );
}
