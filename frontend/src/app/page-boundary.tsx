import { Component, type ReactNode } from 'react';
import { Button } from '@/components/button';
import { EmptyState } from '@/components/empty-state';

/** Stands in for a page that broke, or whose file could not be loaded. */
export class PageBoundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <main role="alert">
        <EmptyState title="This page broke">
          <p>Nothing is lost on the server. Loading the page again usually helps.</p>
          <Button onClick={() => window.location.reload()}>Load again</Button>
        </EmptyState>
      </main>
    );
  }
}
