import { UpstreamError } from '../errors.ts';

/** What an ID token says, once its signature was verified. */
export interface IdToken {
  email: string | undefined;
  isEmailVerified: boolean;
  audience: string;
}

/** Verifies ID tokens of Google. */
export interface IdTokens {
  /**
   * What a token says; `null` where Google did not sign it, or its time is over. Rejects with UpstreamError where Google's
   * keys cannot be had.
   */
  verify(token: string): Promise<IdToken | null>;
}

export function idTokens(): IdTokens {
  let opened: Promise<{ client: import('google-auth-library').OAuth2Client }> | undefined;
  return {
    async verify(token) {
      // Loaded when it is first needed: Cloud Run mostly verified the token already.
      opened ??= import('google-auth-library').then(({ OAuth2Client }) => ({ client: new OAuth2Client() }));
      const { client } = await opened;
      try {
        await client.getFederatedSignonCertsAsync();
      } catch (error) {
        throw new UpstreamError(
          'Cannot get the keys of Google that sign ID tokens',
          { retryable: true },
          { cause: error },
        );
      }
      try {
        const payload = (await client.verifyIdToken({ idToken: token })).getPayload();
        if (!payload) return null;
        const { email, email_verified: verified, aud } = payload;
        return { email, isEmailVerified: verified === true, audience: aud };
      } catch {
        // The keys are at hand, so the token is at fault. Not logged: what the library says of it may quote it whole.
        return null;
      }
    },
  };
}
