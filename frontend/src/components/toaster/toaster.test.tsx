import { act, fireEvent, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ToastContext } from './toast-context';
import { lifetimeOf, ToastStore } from './toast-store';
import { Toaster } from './toaster';

describe('the toaster', () => {
  let toasts: ToastStore;

  beforeEach(() => {
    vi.useFakeTimers();
    toasts = new ToastStore();
    render(
      <MemoryRouter>
        <h1 tabIndex={-1}>Page</h1>
        <button type="button">Elsewhere</button>
        <ToastContext value={toasts}>
          <Toaster />
        </ToastContext>
      </MemoryRouter>,
    );
  });

  const show = (toast: Parameters<ToastStore['show']>[0]) => act(() => toasts.show(toast));
  const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

  it('has its live regions before there is anything to say', () => {
    expect(screen.getAllByRole('status')).toHaveLength(3);
    expect(screen.getAllByRole('alert')).toHaveLength(3);
  });

  it('says a success politely and lets it go after seven seconds', () => {
    show({ tone: 'success', message: 'Tenant Acme is ready.' });
    const text = screen.getByText('Tenant Acme is ready.');
    expect(text.closest('[role="status"]')).toHaveAttribute('aria-live', 'polite');

    pass(6_900);
    expect(text).toBeInTheDocument();
    pass(200);
    expect(text).not.toBeInTheDocument();
  });

  it('says an error at once and keeps it until it is dismissed', () => {
    show({ tone: 'error', message: 'Tenant Acme failed.' });
    const text = screen.getByText('Tenant Acme failed.');
    expect(text.closest('[role="alert"]')).toHaveAttribute('aria-live', 'assertive');

    pass(3_600_000);
    expect(text).toBeInTheDocument();

    fireEvent.click(screen.getByRole('button', { name: 'Dismiss message' }));
    expect(text).not.toBeInTheDocument();
  });

  it('has buttons and links outside of what is read out', () => {
    show({ tone: 'error', message: 'It failed.', link: { to: '/tenants', text: 'View details' } });

    for (const region of [...screen.getAllByRole('alert'), ...screen.getAllByRole('status')]) {
      expect(region.querySelector('a, button')).toBeNull();
    }
    expect(screen.getByRole('link', { name: 'View details' })).toHaveAttribute('href', '/tenants');
  });

  it('waits while somebody points at it', () => {
    show({ tone: 'info', message: 'Hold on.' });
    const region = screen.getByRole('region', { name: 'Messages' });

    pass(5_000);
    fireEvent.pointerEnter(region);
    pass(60_000);
    expect(screen.getByText('Hold on.')).toBeInTheDocument();

    fireEvent.pointerLeave(region);
    pass(2_100);
    expect(screen.queryByText('Hold on.')).toBeNull();
  });

  it('never takes the focus; F6 goes there, Escape dismisses and goes back', () => {
    const elsewhere = screen.getByRole('button', { name: 'Elsewhere' });
    elsewhere.focus();
    show({ tone: 'error', message: 'It failed.' });
    expect(elsewhere).toHaveFocus();

    fireEvent.keyDown(elsewhere, { key: 'F6' });
    const dismiss = screen.getByRole('button', { name: 'Dismiss message' });
    expect(dismiss).toHaveFocus();

    fireEvent.keyDown(dismiss, { key: 'Escape' });
    expect(screen.queryByText('It failed.')).toBeNull();
    expect(elsewhere).toHaveFocus();
  });

  it('shows three at a time; the newest takes the place of the oldest that would go by itself', () => {
    show({ tone: 'error', message: 'Message 1' });
    for (const number of [2, 3, 4]) show({ tone: 'success', message: `Message ${number}` });

    expect(screen.getByText('Message 4')).toBeInTheDocument();
    expect(screen.queryByText('Message 2')).toBeNull();
    for (const number of [1, 3]) expect(screen.getByText(`Message ${number}`)).toBeInTheDocument();
  });

  it('never drops an error for another message', () => {
    for (const number of [1, 2, 3]) show({ tone: 'error', message: `Error ${number}` });
    show({ tone: 'success', message: 'It is ready.' });
    expect(screen.queryByText('It is ready.')).toBeNull();

    const [dismiss] = screen.getAllByRole('button', { name: 'Dismiss message' });
    if (dismiss) fireEvent.click(dismiss);
    expect(screen.getByText('It is ready.')).toBeInTheDocument();
  });

  it('counts a message that repeats instead of showing it twice', () => {
    show({ tone: 'error', message: 'It failed.' });
    show({ tone: 'error', message: 'It failed.' });

    expect(screen.getAllByText('It failed.')).toHaveLength(1);
    expect(screen.getByText('×2')).toBeInTheDocument();
  });
});

describe('the lifetime of a toast', () => {
  it('is longer for a longer text', () => {
    const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ');
    const lifetime = (count: number) =>
      lifetimeOf({ tone: 'info', message: words(count), link: undefined });
    expect([lifetime(10), lifetime(11), lifetime(31)]).toEqual([7_000, 8_000, 9_000]);
  });

  it('has no end when there is something to follow', () => {
    expect(lifetimeOf({ tone: 'info', message: 'x', link: { to: '/', text: 'y' } })).toBeNull();
  });
});
