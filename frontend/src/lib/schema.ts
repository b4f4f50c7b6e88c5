/** The bodies of the API, as openapi.json names them. */
export interface components {
  schemas: {
    Role: 'SuperAdmin' | 'TenantOwner';
    User: {
      id: string;
      email: string;
      displayName: string;
      roles: components['schemas']['Role'][];
      tenantId: string | null;
    };
    SignInRequest: { email: string; password: string };
    Session: {
      accessToken: string;
      tokenType: string;
      /** Seconds. */
      expiresIn: number;
      user: components['schemas']['User'];
    };
    TenantStatus: 'Pending' | 'Provisioning' | 'Active' | 'Failed';
    TenantStepState: 'Waiting' | 'Running' | 'Done' | 'Failed';
    TenantStep: {
      key: string;
      title: string;
      state: components['schemas']['TenantStepState'];
      startedAt: string | null;
      finishedAt: string | null;
    };
    Tenant: {
      id: string;
      slug: string;
      name: string;
      adminEmail: string;
      status: components['schemas']['TenantStatus'];
      error: string | null;
      steps: components['schemas']['TenantStep'][];
      jobId: string;
      attempt: number;
      maxAttempts: number;
      nextAttemptAt: string | null;
      origin: 'Admin' | 'SignUp';
      version: number;
      createdAt: string;
      updatedAt: string;
      activatedAt: string | null;
    };
    TenantPage: {
      items: components['schemas']['Tenant'][];
      page: number;
      pageSize: number;
      total: number;
    };
    RegisterTenantRequest: { name: string; slug?: string | null; adminEmail: string };
    AcceptedTenant: {
      id: string;
      slug: string;
      name: string;
      status: components['schemas']['TenantStatus'];
      jobId: string;
    };
    Slug: { slug: string; available: boolean };
    SignUpRequest: { organization: string; email: string; slug?: string | null };
    SignUpAccepted: { message: string };
    SetPasswordRequest: { token: string; password: string };
    NotificationType: 'Success' | 'Error' | 'Info';
    NotificationDetails: {
      id: string;
      tenantId: string;
      createdAt: string;
      kind: 'TenantReady' | 'TenantWillRetry' | 'TenantFailed';
    };
    Notification: {
      id: string;
      type: components['schemas']['NotificationType'];
      message: string;
      details: components['schemas']['NotificationDetails'];
      createdAt: string;
      readAt: string | null;
    };
    NotificationPage: {
      items: components['schemas']['Notification'][];
      unreadCount: number;
      nextCursor: string | null;
    };
    TenantHome: {
      tenant: {
        id: string;
        slug: string;
        name: string;
        status: components['schemas']['TenantStatus'];
      };
      owner: { email: string; displayName: string };
      roles: { name: string; description: string }[];
      settings: { key: string; value: string }[];
      database: { engine: string; name: string };
      createdAt: string;
    };
    MailSummary: { id: string; to: string; subject: string; createdAt: string };
    MailList: { items: components['schemas']['MailSummary'][] };
    Mail: {
      id: string;
      from: string;
      to: string;
      subject: string;
      text: string;
      html: string | null;
      createdAt: string;
    };
  };
}
