/** The pictures that entries of a menu may have: by name, or an emoji. */
import {
  AppstoreOutlined,
  BankOutlined,
  BookOutlined,
  CalendarOutlined,
  CarOutlined,
  CheckSquareOutlined,
  DollarOutlined,
  EnvironmentOutlined,
  FileTextOutlined,
  FolderOutlined,
  GiftOutlined,
  HeartOutlined,
  HomeOutlined,
  InboxOutlined,
  LinkOutlined,
  MailOutlined,
  PhoneOutlined,
  ProjectOutlined,
  ShopOutlined,
  ShoppingCartOutlined,
  StarOutlined,
  TableOutlined,
  TagsOutlined,
  TeamOutlined,
  ToolOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";

const ICONS: Record<string, ComponentType> = {
  table: TableOutlined,
  folder: FolderOutlined,
  link: LinkOutlined,
  home: HomeOutlined,
  apps: AppstoreOutlined,
  bank: BankOutlined,
  book: BookOutlined,
  calendar: CalendarOutlined,
  car: CarOutlined,
  cart: ShoppingCartOutlined,
  check: CheckSquareOutlined,
  file: FileTextOutlined,
  gift: GiftOutlined,
  heart: HeartOutlined,
  inbox: InboxOutlined,
  mail: MailOutlined,
  money: DollarOutlined,
  phone: PhoneOutlined,
  place: EnvironmentOutlined,
  project: ProjectOutlined,
  shop: ShopOutlined,
  star: StarOutlined,
  tags: TagsOutlined,
  team: TeamOutlined,
  tool: ToolOutlined,
};

export const ICON_NAMES = Object.keys(ICONS);

const OF_KIND = { group: "folder", collection: "table", link: "link" } as const;

interface Props {
  icon: string | null;
  kind: keyof typeof OF_KIND;
}

export function MenuIcon({ icon, kind }: Props) {
  const Known = icon !== null && Object.hasOwn(ICONS, icon) ? ICONS[icon] : undefined;
  if (Known) return <Known />;
  if (icon && /\p{Extended_Pictographic}/u.test(icon)) {
    return (
      <span className="anticon" aria-hidden>
        {icon}
      </span>
    );
  }
  const Usual = ICONS[OF_KIND[kind]] ?? TableOutlined;
  return <Usual />;
}
