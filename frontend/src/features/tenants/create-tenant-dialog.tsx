import { Dialog } from '@/components/dialog/dialog';
import { CreateTenantForm } from './create-tenant-form';

export function CreateTenantDialog({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog
      isOpen={isOpen}
      close={close}
      closesOutside={false}
      title="Create tenant"
      lead="You can go on working while its database is set up."
    >
      <CreateTenantForm close={close} />
    </Dialog>
  );
}
