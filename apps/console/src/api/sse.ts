import { useEffect, useEffectEvent, useState } from 'react';
import { useClient } from './client-context.ts';

/** paused: the tab is hidden; lost: the connection broke and is being tried again. */
export type StreamState = 'connecting' | 'live' | 'paused' | 'lost';

const RETRY_MS = 5000;

/**
 * Listens to one kind of server-sent event while the tab is visible.
 *
 * @param url A new url closes the old stream and opens another; undefined opens none.
 */
export function useEventStream<T>(url: string | undefined, event: string, onEvent: (data: T) => void): StreamState {
  const client = useClient();
  const [state, setState] = useState<StreamState>('connecting');
  const receive = useEffectEvent(onEvent);

  useEffect(() => {
    if (url === undefined) return;
    let source: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const close = () => {
      clearTimeout(retry);
      source?.close();
      source = undefined;
    };
    const open = () => {
      close();
      source = new EventSource(url);
      source.addEventListener('open', () => setState('live'));
      source.addEventListener(event, (message: MessageEvent<string>) => {
        setState('live');
        receive(JSON.parse(message.data) as T);
      });
      source.addEventListener('error', () => {
        setState('lost');
        if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        // An answer other than 200 ends the stream for good and hides its status: ask whether we are signed out.
        client.get('/api/session').catch(() => {});
        retry = setTimeout(open, RETRY_MS);
      });
    };
    const follow = () => {
      if (document.visibilityState === 'visible') {
        setState((now) => (now === 'live' ? now : 'connecting'));
        open();
      } else {
        close();
        setState('paused');
      }
    };

    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      close();
    };
  }, [url, event, client]);

  return state;
}
